import type { PageData } from './page-data.ts'

interface Place {
  /** Returns the position of a time, in CSS pixels. */
  readonly x: (time: number) => number
  readonly height: number
  readonly colour: (name: string) => string
}

/** Paints the whole run as a strip. */
export function paintStrip(context: CanvasRenderingContext2D, { bins, faults }: PageData, place: Place): void {
  const { x, height, colour } = place
  const calls = bins.ok.map((ok, i) => ok + (bins.fail[i] ?? 0) + (bins.info[i] ?? 0))
  const most = Math.max(1, ...calls)
  context.fillStyle = colour('band')
  for (const [from, to] of faults) context.fillRect(x(from), 0, Math.max(1, x(to) - x(from)), height)
  context.fillStyle = colour('d2')
  for (const [i, amount] of calls.entries()) {
    const high = amount === 0 ? 0 : Math.max(1, (amount / most) * (height - 12))
    const left = x(i * bins.width)
    context.fillRect(left, height - 2 - high, Math.max(1, x((i + 1) * bins.width) - left), high)
  }
  context.fillStyle = colour('accent')
  for (const [i, amount] of bins.stale.entries())
    if (amount > 0) context.fillRect(x(i * bins.width), height - 5, Math.max(2, x(bins.width) - x(0)), 3)
}

export type PaintStrip = typeof paintStrip
