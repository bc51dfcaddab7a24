import { addFraming } from '@chaosproxy/wire'
import { mysql } from '../mysql/protocol.ts'
import { postgresql } from '../postgresql/protocol.ts'
import { redis } from '../redis/protocol.ts'
import type { RecordedProtocol } from '../spoken/protocol.ts'

/** A new protocol needs a folder beside this one and an entry here; its framing needs the same in `wire`. */
const all: RecordedProtocol[] = [redis, postgresql, mysql]

export const recordedProtocols: readonly RecordedProtocol[] = all

export function addRecordedProtocol(protocol: RecordedProtocol): void {
  addFraming(protocol.framing)
  all.push(protocol)
}
