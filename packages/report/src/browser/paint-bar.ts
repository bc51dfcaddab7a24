export interface Palette {
  readonly page: string
  readonly ink: string
  readonly softInk: string
  readonly line: string
  readonly strongLine: string
  readonly data: string
  readonly band: string
  readonly red: string
}

/** An operation's bar in the canvas, in CSS pixels. */
interface PaintedBar {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
  /** The text inside the bar, if it fits. */
  readonly text: () => string
  readonly outcome: 'ok' | 'fail' | 'info'
  readonly isRead: boolean
  readonly isFaint: boolean
  readonly isPart: boolean
  readonly isRed: boolean
  readonly isChosen: boolean
}

/** Paints a bar. Reads and operations of unknown outcome are hollow, if the bar is wide enough for an outline. */
export function paintBar(context: CanvasRenderingContext2D, palette: Palette, bar: PaintedBar): void {
  const { left, top, width, height, outcome } = bar
  const byOutcome = { ok: palette.data, fail: palette.strongLine, info: palette.ink }
  const isHollow = !bar.isRed && (outcome === 'info' || (bar.isRead && outcome === 'ok'))
  const colour = bar.isRed ? palette.red : byOutcome[outcome]
  context.globalAlpha = bar.isFaint && !bar.isPart ? 0.13 : 1
  context.fillStyle = colour
  context.strokeStyle = colour
  if (isHollow && width >= 4) {
    context.fillStyle = palette.page
    context.fillRect(left, top, width, height)
    context.setLineDash(outcome === 'info' ? [3, 2] : [])
    context.strokeRect(left + 0.5, top + 0.5, width - 1, height - 1)
    context.setLineDash([])
  } else {
    if (isHollow && outcome === 'ok') context.globalAlpha *= 0.6
    context.fillRect(left, top, width, height)
  }
  if (bar.isPart) {
    context.fillStyle = bar.isRed ? palette.red : palette.ink
    context.beginPath()
    context.moveTo(left - 4, top - 5)
    context.lineTo(left + 4, top - 5)
    context.lineTo(left, top)
    context.fill()
  }
  if (bar.isChosen) {
    context.strokeStyle = palette.ink
    context.lineWidth = 2
    context.strokeRect(left - 2, top - 2, width + 4, height + 4)
    context.lineWidth = 1
  }
  if (width > 46) {
    context.fillStyle = isHollow ? palette.ink : palette.page
    const text = bar.text()
    if (context.measureText(text).width < width - 8) context.fillText(text, left + 4, top + height / 2 + 4)
  }
  context.globalAlpha = 1
}

export type PaintBar = typeof paintBar
