export { type LevelProof, type Proof, type ProofHead, Refused, Unreadable } from './proof.ts'
export { type Finding, type Verification, verify } from './verify.ts'
