import type { History, Json } from '@chaosproxy/history'
import { type ReadOptions, readHistoryOf } from '@chaosproxy/history/files'

/** An operation with the stamps of its call and its return. Without the latter, it never returned. */
export interface StampedOperation {
  readonly client: number
  readonly f: string
  readonly key?: string | undefined
  readonly input?: Json | undefined
  readonly output?: Json | undefined
  readonly call: number
  readonly end?: number | undefined
  readonly final?: boolean | undefined
}

/** Writes a file with one line per operation, and reads it as a history. */
export function stampedHistory(
  operations: readonly StampedOperation[],
  ordering: ReadOptions['ordering'] = {},
): Promise<History> {
  const lines = operations.map(
    ({ client, f, key, input, output, call, end, final }) =>
      `${JSON.stringify({ client, f, key, input, output: end === undefined ? undefined : output, call_ns: call, return_ns: end ?? null, final })}\n`,
  )
  const bytes = new TextEncoder().encode(lines.join(''))
  let at = 0
  const read = (space: Uint8Array): number => {
    const some = bytes.subarray(at, at + space.length)
    space.set(some)
    at += some.length
    return some.length
  }
  return readHistoryOf({ sizeBytes: bytes.length, read, close: () => {} }, 'stamped.jsonl', { ordering })
}
