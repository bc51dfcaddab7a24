import { type Event, isClient, type Json, type Nanos } from '@chaosproxy/history'
import { askingsOf } from './scenario.ts'
import type { Asking, Tale } from './story.ts'

/** An operation of a story, with its call and its return in the recorded history. */
export interface RecordedAsking {
  readonly asking: Asking
  readonly calledAt: Nanos
  /** The return; absent if the record ends before it. */
  readonly returned: Returned | undefined
}

export interface Returned {
  readonly at: Nanos
  readonly type: 'ok' | 'fail' | 'info'
  readonly value: Json
  readonly error: string | undefined
}

export interface LastAnswer {
  readonly node: string
  readonly key: string
  readonly at: Nanos
  readonly value: Json
}

/**
 * Finds the record of each operation of a scripted story. Each client begins as the process with the client's number.
 * After an operation with unknown outcome (`info`), the client continues under the next unused process number.
 */
export function answersIn(events: readonly Event[], tale: Tale): readonly RecordedAsking[] {
  const clientOf = new Map<Event['process'], string>(tale.cast.map((who, number) => [number, who]))
  const waiting = new Map(tale.cast.map((who) => [who, askingsOf(tale).filter((asking) => asking.who === who)]))
  const open = new Map<Event['process'], { readonly asking: Asking; readonly calledAt: Nanos }>()
  const recorded: RecordedAsking[] = []
  let processes = tale.cast.length
  for (const { process, type, time: at, value, error } of events) {
    if (!isClient(process)) continue
    const who = clientOf.get(process)
    if (type === 'invoke') {
      const asking = who === undefined ? undefined : waiting.get(who)?.shift()
      if (asking !== undefined) open.set(process, { asking, calledAt: at })
      continue
    }
    const called = open.get(process)
    if (called === undefined || who === undefined) continue
    recorded.push({ ...called, returned: { at, type, value, error } })
    open.delete(process)
    if (type === 'info') clientOf.set(processes++, who)
  }
  return [...recorded, ...Array.from(open.values(), (called) => ({ ...called, returned: undefined }))].sort(
    (one, other) => one.calledAt - other.calledAt,
  )
}

export function lastAnswersIn(events: readonly Event[]): readonly LastAnswer[] {
  const finalReads = new Map<Event['process'], { readonly node: string; readonly key: string }>()
  const answers: LastAnswer[] = []
  for (const { process, type, final, node, key, time, value } of events) {
    if (type === 'invoke') {
      if (final === true && node !== undefined) finalReads.set(process, { node, key: key ?? '' })
      continue
    }
    const question = finalReads.get(process)
    finalReads.delete(process)
    if (question !== undefined && type === 'ok') answers.push({ ...question, at: time, value })
  }
  return answers
}
