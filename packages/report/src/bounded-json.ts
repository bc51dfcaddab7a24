import { count, isObject, type Json } from '@chaosproxy/history'

/** Upper limit of a history's JSON, in bytes of UTF-8. */
const MOST_JSON_BYTES = 950_000

interface Limits {
  readonly items: number
  readonly characters: number
}

/**
 * Limits on the lists and texts in JSON. They are tried in order until the JSON is short enough. A counterexample has
 * up to 200 operations, so a limit of 200 items does not cut it.
 */
const LIMITS: readonly Limits[] = [
  { items: 1_000, characters: 4_000 },
  { items: 200, characters: 400 },
  { items: 200, characters: 60 },
  { items: 20, characters: 60 },
  { items: 5, characters: 30 },
]

/**
 * Returns a copy of the value as JSON, with long lists and texts cut. `totals` has their full lengths. Numbers that
 * JSON cannot represent are null.
 */
export function bounded(json: unknown): Json {
  for (const limits of LIMITS) {
    const short = cut(json, limits)
    if (bytesOf(JSON.stringify(short)) <= MOST_JSON_BYTES) return short
  }
  return { error: 'the details of this history are too long to print' }
}

function cut(json: unknown, limits: Limits): Json {
  if (typeof json === 'string') return cutText(json, limits)
  if (typeof json === 'number') return Number.isFinite(json) ? json : null
  if (typeof json === 'boolean') return json
  if (Array.isArray(json)) return json.slice(0, limits.items).map((item) => cut(item, limits))
  if (typeof json !== 'object' || json === null) return null
  const entries = Object.entries(json).filter(([, value]) => value !== undefined)
  const totals: [string, Json][] = []
  const kept = entries.slice(0, limits.items).map(([member, value]): [string, Json] => {
    if (Array.isArray(value) && value.length > limits.items) totals.push([member, value.length])
    return [cutText(member, limits), cut(value, limits)]
  })
  if (entries.length > kept.length) totals.push(['members', entries.length])
  if (totals.length === 0) return Object.fromEntries(kept)
  const known = kept.find(([member]) => member === 'totals')?.[1]
  return { ...Object.fromEntries(kept), totals: { ...(isObject(known) ? known : {}), ...Object.fromEntries(totals) } }
}

/** Cuts the middle out of a text, because texts mostly differ at their ends. */
function cutText(text: string, { characters }: Limits): string {
  if (text.length <= characters) return text
  const half = Math.floor(characters / 2)
  return `${text.slice(0, half)} … (${count(text.length)} characters) … ${text.slice(-half)}`
}

function bytesOf(text: string): number {
  let bytes = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit > 0x7f) bytes += unit > 0x7ff ? 2 : 1
  }
  return bytes
}
