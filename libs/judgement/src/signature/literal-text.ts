/** Most pieces are plain words, and none of what follows finds anything in one. */
const plainWord = /^[A-Za-z']+[,.!?;:]*$/;

/** Two marks or three that are one operator. */
const operator = /^(?:&&|\+\+|[-+*/%&^!?]=|\?[.:]|\$[!?#@*$]|(?:\+\+|--)[a-z]\w*|[i-nx-z](?:\+\+|--))$/i;
/** A dash or a bullet alone begins what is said next. */
const marks = /^(?![-–—•·|*]$)[^\p{L}\p{N}\s]{1,3}$/u;
const asksOfIt = /^(?:do|does|mean|means|operators?|sign|symbol)$/;

/** Whether marks between spaces are what is asked about, by the word behind: "what does ?? do", but not "really ?? why". */
export function isAskedMark(piece: string, next = ''): boolean {
  return marks.test(piece) && asksOfIt.test(next);
}

/** Whether a piece is code, a path, a flag, an address: its case and marks count. */
export function isLiteralText(piece: string): boolean {
  if (plainWord.test(piece)) return false;
  const core = piece.replace(/^["“”„«(]+/, '').replace(/["“”»),.!?;:]+$/, '');
  if (/^[.*]+$/.test(piece)) return true;
  if (operator.test(piece)) return true;
  if (core === '') return false;
  if (core === '/') return false;
  // The embedder does not see them, so they are compared here.
  if (/\p{Extended_Pictographic}/u.test(core)) return true;
  if (/^[<>=|*~^\\/.]+$/.test(core) || /^[.*]+$/.test(core)) return true;
  if (/^-{1,2}[A-Za-z]/.test(core)) return true;
  if (/^[$€£¥₹][\d.,]+\p{L}{0,2}$/u.test(core)) return false;
  if (/^[\p{L}'’-]+(?:\/[\p{L}'’-]+)+$/u.test(core)) return false;
  if (/^w\/o?$/i.test(core)) return false;
  if (/[_\\{}[\]<>=|~^@;]|\w\(|\)\.|::|:\/\/|\/\/|^[./~]\/|^\/|\w\/\w+\/|->|[\w]\.[a-z]{1,4}$|\.\w+\(/.test(core))
    return !/^(?:[a-z]\.)+[a-z]$/i.test(core) && !/^(?:node|next|vue|react)\.js$/i.test(core);
  return /^[a-z]+:[\w]/i.test(core) && !/^\d/.test(core);
}
