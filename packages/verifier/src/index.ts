export { type History, type Operation, readHistory, textOf } from './history.ts'
export { type LevelProof, type Proof, type ProofHead, Refused, Undecided, Unreadable } from './proof.ts'
export type { DeadEnd } from './search.ts'
export { createVerifier, type Finding, ordersOf, sentenceOf, type Verification, verify } from './verify.ts'
