/** The known name nearest to the typed one; undefined if none is near enough. */
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

/** Shorter typed words are parts of too many names. */
const SHORTEST_PART = 3
/** Whole words of a longer name, or the reverse: `stale` of `stale-read` is nearer than anything two letters away. */
const PART = 1.5
/** Letters were only left out, as in `rds`: nearer than a name with other letters. */
const LEFT_OUT = 0.5

/** How far a name is from what was typed; infinite if it cannot be meant. */
function distanceOf(typed: string, name: string): number {
  const edits = editDistance(typed, name)
  const most = Math.max(2, Math.floor(typed.length / 3))
  const near = edits > most ? Number.POSITIVE_INFINITY : isLeftOut(typed, name) ? edits - LEFT_OUT : edits
  return isPart(typed, name) || isPart(name, typed) ? Math.min(near, PART) : near
}

const isPart = (part: string, whole: string): boolean =>
  part.length >= SHORTEST_PART && `-${whole}-`.includes(`-${part}-`)

/** Whether the name is the typed letters in their order, with others between or after them. */
function isLeftOut(typed: string, name: string): boolean {
  let at = 0
  for (const letter of name) if (letter === typed[at]) at++
  return at === typed.length && typed[0] === name[0]
}

/** ` Did you mean --target?`, or nothing. */
export function didYouMean(typed: string, known: readonly string[], prefix = ''): string {
  const name = nearest(typed, known)
  return name === undefined ? '' : ` Did you mean ${prefix}${name}?`
}

/** Levenshtein's distance, a row at a time. */
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
