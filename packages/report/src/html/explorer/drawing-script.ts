/**
 * Draws the part of the timeline that is in view: a row of bars for each process, over the bands of faults. The canvas is
 * as high as the window on it; rows that do not fit are scrolled to.
 */
export const drawingScript: string = `
  const AXIS = 20
  const RIGHT = 8
  const TALLEST = 420
  const rowHeight = Math.max(15, Math.min(26, Math.floor(340 / Math.max(1, rows.length))))
  const rowNames = data.processes.map((name) => (/^\\d+$/.test(name) ? 'p' + name : name))
  const nameOfRow = (name) => (name.length > 9 ? name.slice(0, 8) + '…' : name)
  const LEFT = 14 + 6.5 * rowNames.reduce((most, name) => Math.max(most, nameOfRow(name).length), 2)
  const view = { from: 0, to: data.end }
  let chosen
  let width = 0
  let colours = {}
  const whole = AXIS + rowHeight * rows.length + 18
  const height = Math.min(TALLEST, whole)
  const scroller = find('timeline')
  const yOf = (index) => AXIS + index * rowHeight - scroller.scrollTop

  const filters = { outcome: find('by-outcome'), key: find('by-key'), node: find('by-node') }
  const passes = (o) => Object.entries(filters).every(([name, select]) => !select || select.value === '' || o[name] === Number(select.value))
  const filtered = () => Object.values(filters).some((select) => select && select.value !== '')

  const x = (time) => LEFT + ((time - view.from) / (view.to - view.from)) * (width - LEFT - RIGHT)
  const timeAt = (px) => view.from + ((px - LEFT) / (width - LEFT - RIGHT)) * (view.to - view.from)
  /** The first operation of a row that may reach into the view. */
  const firstOf = (row, i, time) => {
    let low = 0
    let high = row.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (row[middle].call < time - longest[i]) low = middle + 1
      else high = middle
    }
    return low
  }

  let asked = false
  const redraw = () => {
    if (asked) return
    asked = true
    requestAnimationFrame(() => { asked = false; draw() })
  }

  function measure() {
    const style = getComputedStyle(document.documentElement)
    for (const name of ['page', 'ink', 'ink2', 'line', 'line2', 'accent', 'data', 'd2', 'band', 'down'])
      colours[name] = style.getPropertyValue('--' + name).trim()
    width = canvas.clientWidth
    const density = devicePixelRatio || 1
    canvas.style.height = height + 'px'
    scroller.style.height = height + 'px'
    find('timeline-rows').style.height = whole + 'px'
    canvas.width = Math.round(width * density)
    canvas.height = Math.round(height * density)
    context.setTransform(density, 0, 0, density, 0, 0)
    draw()
  }

  function draw() {
    context.clearRect(0, 0, width, height)
    context.font = '11px system-ui, sans-serif'
    for (const [from, to] of data.faults) {
      if (to < view.from || from > view.to) continue
      context.fillStyle = colours.band
      const left = Math.max(LEFT, x(from))
      context.fillRect(left, 0, Math.max(1, x(to) - left), height)
    }
    drawAxis()
    const first = Math.max(0, Math.floor(scroller.scrollTop / rowHeight))
    const last = Math.min(rows.length, first + Math.ceil(height / rowHeight) + 1)
    context.save()
    context.beginPath(); context.rect(0, AXIS - 4, width, height - AXIS - 12); context.clip()
    for (let i = first; i < last; i++) {
      const y = yOf(i + 0.5)
      context.strokeStyle = colours.line
      context.beginPath(); context.moveTo(LEFT, y); context.lineTo(width - RIGHT, y); context.stroke()
      context.fillStyle = colours.ink2
      context.fillText(nameOfRow(rowNames[i]), 4, y + 4)
    }
    context.beginPath(); context.rect(LEFT - 6, AXIS - 8, width, height - AXIS - 8); context.clip()
    for (let i = first; i < last; i++) drawRow(rows[i], i)
    context.restore()
    context.fillStyle = colours.ink2
    let free = -1
    for (const [from, to, label] of data.faults) {
      if (to < view.from || from > view.to) continue
      const left = Math.max(x(from), LEFT) + 3
      if (left < free || left + context.measureText(label).width > Math.max(x(to), left + 40) + 60) continue
      context.fillText(label, left, height - 1)
      free = left + context.measureText(label).width + 8
    }
  }

  function drawAxis() {
    const span = view.to - view.from
    const raw = span / Math.max(2, width / 130)
    const power = 10 ** Math.floor(Math.log10(raw))
    const step = [1, 2, 5, 10].find((factor) => factor * power >= raw) * power
    const digits = Math.max(0, Math.min(9, 9 - Math.floor(Math.log10(step))))
    context.fillStyle = colours.ink2
    context.strokeStyle = colours.line
    for (let time = Math.ceil(view.from / step) * step; time <= view.to; time += step) {
      context.beginPath(); context.moveTo(x(time), 14); context.lineTo(x(time), height); context.stroke()
      const text = seconds(time, digits)
      if (x(time) + 3 + context.measureText(text).width <= width) context.fillText(text, x(time) + 3, 11)
    }
  }

  const rank = (o) => (o.bad ? 4 : o.outcome === 2 ? 3 : o.outcome === 1 ? 2 : 1)
  function drawRow(row, index) {
    const top = yOf(index) + Math.max(1, rowHeight * 0.15)
    const tall = rowHeight * 0.7
    const some = filtered()
    let lastPixel = -1
    let lastRank = 0
    const loud = []
    for (let i = firstOf(row, index, view.from); i < row.length && row[i].call <= view.to; i++) {
      const o = row[i]
      if (o.shownEnd < view.from) continue
      if (o.bad || o === chosen) { loud.push(o); continue }
      const left = x(o.call)
      const wide = x(o.shownEnd) - left
      const faint = some && !passes(o)
      if (wide < 1.5) {
        // Many to a pixel: only the worst of them is painted, so that a failure never drowns.
        const pixel = Math.floor(left)
        const severity = faint ? 0 : rank(o)
        if (pixel === lastPixel && severity <= lastRank) continue
        lastPixel = pixel
        lastRank = severity
      }
      paint(o, left, top, Math.max(1, wide), tall, faint)
    }
    for (const o of loud) paint(o, x(o.call), top, Math.max(3, x(o.shownEnd) - x(o.call)), tall, false)
  }

  function paint(o, left, top, wide, tall, faint) {
    context.globalAlpha = faint ? 0.13 : 1
    const colour = o.bad ? colours.accent : o.outcome === 2 ? colours.ink : o.outcome === 1 ? colours.line2 : colours.data
    context.fillStyle = colour
    context.strokeStyle = colour
    const hollow = !o.bad && (o.outcome === 2 || (reads[o.f] && o.outcome === 0))
    if (wide < 4 || !hollow) {
      if (wide < 4 && hollow && o.outcome === 0) context.globalAlpha *= 0.6
      context.fillRect(left, top, wide, tall)
    } else {
      context.fillStyle = colours.page
      context.fillRect(left, top, wide, tall)
      context.setLineDash(o.outcome === 2 ? [3, 2] : [])
      context.strokeRect(left + 0.5, top + 0.5, wide - 1, tall - 1)
      context.setLineDash([])
    }
    if (o.bad) {
      context.beginPath(); context.moveTo(left - 4, top - 5); context.lineTo(left + 4, top - 5); context.lineTo(left, top); context.fill()
    }
    if (o === chosen) {
      context.strokeStyle = colours.ink
      context.lineWidth = 2
      context.strokeRect(left - 2, top - 2, wide + 4, tall + 4)
      context.lineWidth = 1
    }
    if (wide > 46 && rowHeight >= 14) {
      context.fillStyle = hollow ? colours.ink : colours.page
      const text = brief(o)
      if (context.measureText(text).width < wide - 8) context.fillText(text, left + 4, top + tall / 2 + 4)
    }
    context.globalAlpha = 1
  }
`
