// The effects of operations on objects. Reports use these, and derive no effects themselves.

export { firstOverdrawnRead } from './bank/balance.ts'
export { amountsIn, changeOf, type Moved, movedBy } from './bank/related.ts'
export { amountOf as amountAdded } from './counter/operations.ts'
export { firstOfClient } from './encoding/clients.ts'
export { type Holding, holdingOf } from './lock/words.ts'
export { entriesIn, offsetsByRow, rangeOf } from './log/operations.ts'
export { txnOf } from './multi-register/multi-register.ts'
export type { Balance } from './verdict/verdict.ts'
