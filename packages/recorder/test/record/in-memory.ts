import { type Json, nanos } from '@chaosproxy/history'
import { RecordedLines } from '../../../testing/src/recorded-lines.ts'
import type { Call, Understanding } from '../../src/record/call.ts'
import { createRecorder } from '../../src/record/recorder.ts'

export const write = (value: Call['value'], more: Partial<Call> = {}): Call => ({
  f: 'write',
  key: 'x',
  value,
  ...more,
})
export const read: Call = { f: 'read', key: 'x', value: null, harmless: true }
export const ok = (value: Json) => ({ type: 'ok', value }) as const

/** The meaning of a request whose client has no name. */
export const asks = (...calls: readonly [Call, ...Call[]]): Understanding => asksAs(undefined, ...calls)
export const asksAs = (session: string | undefined, ...calls: readonly [Call, ...Call[]]): Understanding => ({
  kind: 'operations',
  calls,
  session,
})

/**
 * A recorder that keeps the client's and the backend's history in memory. Each call of its clock advances the clock by
 * one nanosecond.
 */
export function recording(options: { readonly maximumWaiting?: number } = {}) {
  const client = new RecordedLines()
  const backend = new RecordedLines()
  let time = 0
  const now = () => nanos(++time)
  const recorder = createRecorder({ client, backend, now, ...options })
  const connect = () => recorder.connection({ node: 'n1', client: '10.0.0.1' })
  return { client, backend, now, recorder, connect, connection: connect() }
}

/** Returns each event as a short text: `0 invoke write x=1 as alice`, `recorder touched x: why`. */
export const eventTexts = ({ lines }: RecordedLines): readonly string[] =>
  lines.map((line) => {
    const { process, type, f, key, value, session } = JSON.parse(line) as { readonly [name: string]: Json | undefined }
    const about = key === undefined ? '' : ` ${key}`
    if (process === 'recorder') return `${f}${about}: ${JSON.stringify(value)}`
    const valueText = value === undefined ? '' : `=${JSON.stringify(value)}`
    return `${process} ${type} ${f}${about}${valueText}${session === undefined ? '' : ` as ${session}`}`
  })
