import { CALM, type SystemRow } from './row.ts'

const EVENTUAL = { meets: ['eventual'], breaks: ['linearizable'] }

export const masterMasterRows: readonly SystemRow[] = [
  { protocol: 'master-master', faults: CALM, earns: EVENTUAL },
  { protocol: 'master-master', faults: ['partition', 'loss', 'delay', 'kill'], earns: EVENTUAL },
]
