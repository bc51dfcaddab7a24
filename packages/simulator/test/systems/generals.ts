import { CALM, type SystemRow } from './row.ts'

const EVENTUAL = { meets: ['eventual'] }

// Besides the traitor, only clocks are faulty, because agreement requires that messages arrive in time.
export const generalsRows: readonly SystemRow[] = [
  { protocol: 'generals', faults: CALM, earns: EVENTUAL },
  { protocol: 'generals', nodes: 4, faults: ['clock'], earns: EVENTUAL },
  { protocol: 'generals', targetSettings: { messages: 'signed' }, nodes: 3, faults: ['clock'], earns: EVENTUAL },
]
