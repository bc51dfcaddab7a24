export { type History, type Operation, readHistory, textOf } from './history.ts'
export { type LevelProof, type Proof, type ProofHead, Refused, Undecided, Unreadable } from './proof.ts'
export { createVerifier, type Finding, type Verification, verify } from './verify.ts'
