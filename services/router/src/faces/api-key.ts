export { readApiKey } from '@refrain/service';
