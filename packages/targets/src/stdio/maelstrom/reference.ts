import { didYouMean, printable, usageError } from '@chaosproxy/history'
import { wordsOf } from '../../command/words.ts'
import type { ProgramCommand } from '../../processes/command.ts'
import { type RpcWorkload, rpcWorkloads } from './workloads.ts'

/** A parsed reference to a Maelstrom program, such as `maelstrom:lin-kv:python3 ./node.py`. */
interface MaelstromProgram {
  readonly rpc: RpcWorkload
  readonly command: string
  readonly words: ProgramCommand['words']
}

/** @throws UserError (usage) for an unknown workload or a missing command. */
export function maelstromProgram(reference: string): MaelstromProgram {
  const [, named = '', command = ''] = /^maelstrom:([^:]*):(.*)$/s.exec(reference) ?? []
  const rpc = workloadNamed(named)
  if (command === '') throw usageError(`${HOW}.`)
  return { rpc, command, words: wordsOf(command, reference) }
}

const HOW = 'say which program, and for which workload: chaos run --target maelstrom --bin ./node -w lin-kv'

function workloadNamed(name: string): RpcWorkload {
  const found = rpcWorkloads.find((each) => each.name === name)
  if (found !== undefined) return found
  const known = rpcWorkloads.map((each) => each.name)
  if (name === '') throw usageError(`${HOW}. Workloads: ${known.join(', ')}.`)
  throw usageError(
    `maelstrom: there is no workload ${printable(name)}.${didYouMean(name, known)} Known: ${known.join(', ')}.`,
  )
}
