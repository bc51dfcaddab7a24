import { NotSupported } from '../sql/error.ts'
import type { Fields } from '../sql/nodes.ts'
import type { SqlValue } from '../types/value.ts'
import type { Host } from './host.ts'
import type { Execution } from './session.ts'

// biome-ignore lint/correctness/useYield: COPY will wait where its INSERT does
export function* copy(_connection: Host, _fields: Fields<'CopyStmt'>, _parameters: readonly SqlValue[]): Execution {
  throw new NotSupported('COPY')
}
