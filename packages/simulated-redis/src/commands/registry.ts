import { type Command, command } from '../command.ts'
import { UnknownCommand } from '../failures.ts'
import type { Reply } from '../reply.ts'
import { connectionCommands } from './connections.ts'
import { expiryCommands } from './expiry.ts'
import { hashCommands } from './hashes.ts'
import { keyCommands } from './keys.ts'
import { listCommands } from './lists.ts'
import { pubSubCommands } from './pub-sub.ts'
import { scriptCommands } from './scripts.ts'
import { setCommands } from './sets.ts'
import { sortedSetCommands } from './sorted-sets.ts'
import { streamGroupCommands } from './stream-groups.ts'
import { streamInfoCommands } from './stream-info.ts'
import { streamReadCommands } from './stream-reads.ts'
import { streamCommands } from './streams.ts'
import { stringCommands } from './strings.ts'
import { transactionCommands } from './transactions.ts'

const describing = command('COMMAND', -1, ({ args: [what = ''] }): Reply => {
  if (what.toUpperCase() === 'COUNT') return commands.size
  if (what.toUpperCase() === 'LIST') return [...commands.keys()].map((name) => name.toLowerCase())
  throw new UnknownCommand(`COMMAND ${what}`.trimEnd())
})

export const commands: ReadonlyMap<string, Command> = new Map(
  [
    ...stringCommands,
    ...keyCommands,
    ...expiryCommands,
    ...hashCommands,
    ...listCommands,
    ...setCommands,
    ...sortedSetCommands,
    ...streamCommands,
    ...streamReadCommands,
    ...streamGroupCommands,
    ...streamInfoCommands,
    ...transactionCommands,
    ...scriptCommands,
    ...pubSubCommands,
    ...connectionCommands,
    describing,
  ].map((each) => [each.name, each]),
)
