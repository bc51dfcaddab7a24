import type { Action } from './action.ts'
import { faultActions } from './fault-actions.ts'
import { leaseActions } from './lease-actions.ts'
import { proxyActions } from './proxy-actions.ts'
import { ruleActions } from './rule-actions.ts'
import { viewActions } from './view-actions.ts'

/** Every action of `chaos ctl`, in the order of the help text. */
export const actions: readonly Action[] = [
  ...viewActions,
  ...faultActions,
  ...ruleActions,
  ...leaseActions,
  ...proxyActions,
]
