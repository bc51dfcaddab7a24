/** A random generator whose state is one number, so that the state of a node can contain it. */
export interface Generator {
  state: number
}

export const createGenerator = (seed: number): Generator => ({ state: seed | 0 })

/** Returns a number uniform in [0, 1). Mulberry32 (Tommy Ettinger): 32 bits suffice for spreading timeouts. */
export function draw(generator: Generator): number {
  generator.state = (generator.state + 0x6d2b79f5) | 0
  let t = generator.state
  t = Math.imul(t ^ (t >>> 15), t | 1)
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}
