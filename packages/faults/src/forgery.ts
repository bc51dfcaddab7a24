import type { Json } from '@chaosproxy/history'

/**
 * Returns the message as a faulty node would forge it: the values of at most `fields` fields are replaced by others of
 * the same type. Members called `type` do not change, so the message keeps its kind.
 *
 * @param draw uniform in [0, 1)
 *
 * @returns undefined if the message has no field that could be changed
 */
export function forge(message: Json, fields: number, draw: () => number): Json | undefined {
  const places = alterable(message)
  if (places.length === 0) return undefined
  let forged = message
  for (let i = 0; i < fields; i++) {
    const path = places[Math.floor(draw() * places.length)]
    if (path !== undefined) forged = withAltered(forged, path, draw)
  }
  return forged
}

type Path = readonly (string | number)[]

/** The paths of values that may change: all but members called `type`. */
function alterable(value: Json): readonly Path[] {
  if (value === null || value === undefined) return []
  if (Array.isArray(value)) return value.flatMap((each, i) => alterable(each).map((path) => [i, ...path]))
  if (typeof value !== 'object') return [[]]
  return Object.entries(value).flatMap(([name, each]) =>
    name === 'type' ? [] : alterable(each as Json).map((path) => [name, ...path]),
  )
}

function withAltered(value: Json, path: Path, draw: () => number): Json {
  const [first, ...rest] = path
  if (first === undefined) return altered(value, draw)
  if (Array.isArray(value)) return value.map((each, i) => (i === first ? withAltered(each, rest, draw) : each))
  const members = value as { readonly [name: string]: Json }
  return { ...members, [first]: withAltered(members[first] ?? null, rest, draw) }
}

/** A forged value is most credible near the true value. */
const FARTHEST = 3

function altered(value: Json, draw: () => number): Json {
  if (typeof value === 'boolean') return !value
  const step = 1 + Math.floor(draw() * FARTHEST)
  if (typeof value === 'number') {
    const near = value >= step && draw() < 0.5 ? value - step : value + step
    // Adding a small number to a very large double does not change it. The forged value is then the number with the
    // opposite sign.
    return near === value ? -value : near
  }
  return typeof value === 'string' ? withOtherEnd(value, step) : value
}

/** Changes the last character, because names often differ only there: `n2` becomes `n3`. */
function withOtherEnd(text: string, step: number): string {
  const last = text.charCodeAt(text.length - 1)
  if (text === '') return String(step)
  const isDigit = last >= 48 && last <= 57
  return text.slice(0, -1) + String.fromCharCode(isDigit ? 48 + ((last - 48 + step) % 10) : 97 + ((last + step) % 26))
}
