import type { Explorer } from './explorer.ts'
import type { Filters } from './filters.ts'
import type { View } from './view.ts'

/**
 * Keeps the view in the page's address: `#t=1.204-1.3&op=3103&key=x`. `t` is in seconds, `op` is the line of the chosen
 * operation, and the rest are the filters. A step of the story links to an address with only `op`. This link moves the
 * view and keeps the filters.
 */
export function startAddress(canvas: HTMLCanvasElement, explorer: Explorer, filters: Filters, view: View): void {
  const pauseMs = 300
  const names = ['outcome', 'function', 'key', 'node', 'text']
  let timer: ReturnType<typeof setTimeout> | undefined
  let isReading = false

  /** Shows the view that the address names. Returns false if the address only names an ordinary anchor. */
  const read = (): boolean => {
    const parameters = new URLSearchParams(location.hash.slice(1))
    const [from, to] = (parameters.get('t') ?? '').split('-').map((seconds) => Number.parseFloat(seconds) * 1e9)
    const line = Number(parameters.get('op') ?? Number.NaN)
    const stretch = from !== undefined && to !== undefined && from < to ? ([from, to] as const) : undefined
    if (stretch === undefined && !Number.isInteger(line)) return false
    isReading = true
    if (stretch !== undefined) {
      filters.choose(Object.fromEntries(names.map((name) => [name, parameters.get(name) ?? undefined])))
      explorer.look(...stretch)
    }
    if (Number.isInteger(line)) {
      const half = (view.to - view.from) / 2
      const isThere = explorer.chooseLine(line)
      const { chosen } = explorer
      if (isThere && chosen !== undefined && stretch === undefined)
        explorer.look(chosen.call - half, chosen.call + half)
    }
    isReading = false
    return true
  }
  const write = (): void => {
    const { chosen } = explorer
    const seconds = (time: number): string => String(Number((time / 1e9).toFixed(6)))
    const parameters = new URLSearchParams({
      t: `${seconds(view.from)}-${seconds(view.to)}`,
      ...(chosen && { op: String(chosen.line) }),
      ...filters.chosen(),
    })
    try {
      history.replaceState(null, '', `#${parameters}`)
    } catch {
      // Browsers throw if a page changes its address too often, or changes it inside some frames.
    }
  }
  const show = (): void => {
    if (read()) canvas.scrollIntoView({ block: 'center' })
  }
  explorer.onChange(() => {
    if (isReading) return
    clearTimeout(timer)
    timer = setTimeout(write, pauseMs)
  })
  addEventListener('hashchange', show)
  show()
}
