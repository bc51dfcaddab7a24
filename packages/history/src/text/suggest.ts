/** The known name nearest to the typed name, if near enough. */
export function nearest(typed: string, known: readonly string[]): string | undefined {
  let best: string | undefined
  let bestDistance = Number.POSITIVE_INFINITY
  for (const name of known) {
    const distance = distanceOf(typed.toLowerCase(), name.toLowerCase())
    if (distance < bestDistance) {
      best = name
      bestDistance = distance
    }
  }
  return best
}

const SHORTEST_PART = 3
/**
 * The largest distance between two names if one consists of whole words of the other, such as `redis` and
 * `redis-cluster`. Hyphens separate words.
 */
const PART = 1.5
/** Subtracted from the distance if the typed text only omits letters, such as `rds` for `redis`. */
const LEFT_OUT = 0.5

function distanceOf(typed: string, name: string): number {
  const edits = editDistance(typed, name)
  const most = Math.max(2, Math.floor(typed.length / 3))
  const near = edits > most ? Number.POSITIVE_INFINITY : isLeftOut(typed, name) ? edits - LEFT_OUT : edits
  return isPart(typed, name) || isPart(name, typed) ? Math.min(near, PART) : near
}

const isPart = (part: string, whole: string): boolean =>
  part.length >= SHORTEST_PART && `-${whole}-`.includes(`-${part}-`)

/** Whether the name contains the typed letters in order. */
function isLeftOut(typed: string, name: string): boolean {
  let at = 0
  for (const letter of name) if (letter === typed[at]) at++
  return at === typed.length && typed[0] === name[0]
}

/** Returns the sentence ` Did you mean --target?`; an empty text if no known name is near enough. */
export function didYouMean(typed: string, known: readonly string[], prefix = ''): string {
  const name = nearest(typed, known)
  return name === undefined ? '' : ` Did you mean ${prefix}${name}?`
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      current.push(Math.min(replaced, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1))
    }
    previous = current
  }
  return previous[b.length] ?? 0
}
