import { type Json, nanos } from '@chaosproxy/history'
import type { PlayedStep, Sign } from '@chaosproxy/report'
import type { Change, Heard, Listening, NodeMessage } from '@chaosproxy/runner/result'
import { askingsOf } from './scenario.ts'
import type { Asking, Tale } from './story.ts'
import { valueWords } from './words.ts'

const MOST_MESSAGES = 24

/** Selects each message between nodes that contains a value written by a client of the story. */
export const listeningOf = (tale: Tale): Listening => ({
  from: nanos(0),
  to: nanos(Number.MAX_SAFE_INTEGER),
  between: [],
  about: askingsOf(tale).flatMap(changeOf),
})

function changeOf({ input: { key, value } }: Asking): readonly Change[] {
  if (value === null) return []
  const written: Json = Array.isArray(value) && value.length === 2 ? (value[1] ?? null) : value
  return [{ ...(key === undefined ? {} : { key }), value: written }]
}

/**
 * Adds the messages between nodes to the steps. Of several messages on one link with the same change and the same fate,
 * adds only the first.
 */
export function withMessages(steps: readonly PlayedStep[], heard: Heard | undefined, { money }: Tale): PlayedStep[] {
  const [first, ...others] = steps
  if (heard === undefined || first === undefined) return [...steps]
  const seen = new Set<string>()
  const signs = heard.messages.flatMap((message): Sign[] => {
    const { from, to, sentAt, by } = message
    // A message delayed by a fault is drawn as held.
    const fate = message.fate === 'received' && by !== undefined ? 'held' : message.fate
    const text = changeText(message, money)
    const what = [from, to, text, fate].join()
    if (text === '' || seen.has(what)) return []
    seen.add(what)
    return [{ type: 'message', at: sentAt, from, to, text, fate }]
  })
  // The first step gets all messages. Each message is drawn at its own time, whichever step contains the message.
  return [{ ...first, signs: [...first.signs, ...signs.slice(0, MOST_MESSAGES)] }, ...others]
}

function changeText({ carries }: NodeMessage, money: Tale['money']): string {
  if (carries === undefined) return ''
  const value = valueWords(carries.value, money)
  return carries.key === undefined ? value : `${carries.key} ${value}`
}
