import { addFraming } from '@chaosproxy/wire'
import { mysql } from '../mysql/protocol.ts'
import { postgresql } from '../postgresql/protocol.ts'
import { redis } from '../redis/protocol.ts'
import type { RecordedProtocol } from '../spoken/protocol.ts'

/**
 * To add a protocol, add a folder beside this folder and an entry to this list. Its framing needs a folder and an entry
 * in `wire`.
 */
const all: RecordedProtocol[] = [redis, postgresql, mysql]

export const recordedProtocols: readonly RecordedProtocol[] = all

export function addRecordedProtocol(protocol: RecordedProtocol): void {
  addFraming(protocol.framing)
  all.push(protocol)
}
