/** Draws and moves the timeline of operations. Reads the columns that columns.ts wrote, field for field. */
export const explorerScript: string = `
(() => {
  const data = JSON.parse(document.getElementById('data').textContent)
  const canvas = document.getElementById('explorer')
  const context = canvas.getContext('2d')
  const detail = document.getElementById('detail')
  const find = (id) => document.getElementById(id)

  function decode() {
    const text = atob(data.bytes)
    let at = 0
    const unsigned = () => {
      let value = 0
      for (let scale = 1; ; scale *= 128) {
        const byte = text.charCodeAt(at++)
        value += (byte & 127) * scale
        if (byte < 128) return value
      }
    }
    const signed = () => {
      const value = unsigned()
      return value % 2 === 1 ? -(value + 1) / 2 : value / 2
    }
    const operations = []
    let call = 0
    let line = 0
    for (let i = 0; i < data.count; i++) {
      const o = {}
      call += signed()
      o.call = call * data.unit
      const took = unsigned()
      o.end = took === 0 ? Infinity : o.call + (took - 1) * data.unit
      o.process = unsigned()
      o.row = unsigned()
      o.f = unsigned()
      o.key = unsigned() - 1
      o.node = unsigned() - 1
      const flags = unsigned()
      o.outcome = flags & 3
      o.final = (flags & 4) !== 0
      o.bad = (flags & 8) !== 0
      o.input = signed()
      o.output = unsigned() === 0 ? o.input : signed()
      o.error = unsigned() - 1
      line += signed()
      o.line = line
      const answered = unsigned()
      o.endLine = answered === 0 ? 0 : line + answered - 1
      operations.push(o)
    }
    return operations
  }

  const operations = decode()
  const rows = Array.from({ length: data.rows }, () => [])
  for (const o of operations) rows[o.row].push(o)
  // An open end is drawn until the next operation of its row.
  for (const row of rows)
    row.forEach((o, i) => { o.shownEnd = o.end < Infinity ? o.end : Math.min(row[i + 1]?.call ?? data.end, data.end) })
  const longest = rows.map((row) => row.reduce((most, o) => Math.max(most, o.shownEnd - o.call), 0))

  const value = (id) => (id % 2 === 0 ? data.values[id / 2] : String((id - 1) / 2))
  const reads = data.functions.map((f) => f === 'read' || f === 'get')
  const seconds = (time, digits) => (time / 1e9).toFixed(digits ?? 6) + ' s'
  const length = (nanos) => nanos < 1e6 ? (nanos / 1e3).toFixed(0) + ' µs' : nanos < 1e9 ? (nanos / 1e6).toFixed(1) + ' ms' : (nanos / 1e9).toFixed(2) + ' s'
  const number = (n) => n.toLocaleString('en')

  const AXIS = 20
  const LEFT = 8
  const rowHeight = Math.max(3, Math.min(26, Math.floor(340 / Math.max(1, data.rows))))
  const view = { from: 0, to: data.end }
  let chosen
  let width = 0
  let colours = {}
  const height = AXIS + rowHeight * data.rows + 6

  const filters = { outcome: find('by-outcome'), key: find('by-key'), node: find('by-node') }
  const passes = (o) => Object.entries(filters).every(([name, select]) => !select || select.value === '' || o[name] === Number(select.value))
  const filtered = () => Object.values(filters).some((select) => select && select.value !== '')

  const x = (time) => LEFT + ((time - view.from) / (view.to - view.from)) * (width - 2 * LEFT)
  const timeAt = (px) => view.from + ((px - LEFT) / (width - 2 * LEFT)) * (view.to - view.from)
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
      context.fillRect(x(from), 0, Math.max(1, x(to) - x(from)), height)
    }
    drawAxis()
    context.strokeStyle = colours.line
    for (let i = 0; i < rows.length; i++) {
      const y = AXIS + (i + 0.5) * rowHeight
      context.beginPath(); context.moveTo(LEFT, y); context.lineTo(width - LEFT, y); context.stroke()
    }
    rows.forEach(drawRow)
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
    const top = AXIS + index * rowHeight + Math.max(1, rowHeight * 0.15)
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

  const request = (o) => (o.final ? 'final ' : '') + data.functions[o.f] + (o.key < 0 ? '' : ' ' + data.keys[o.key]) + (o.input === 0 ? '' : ' ' + value(o.input))
  const answer = (o) => o.outcome === 0 ? (reads[o.f] ? value(o.output) : 'ok') : (o.outcome === 1 ? 'fail' : o.end < Infinity ? 'info' : 'no answer') + (o.error < 0 ? '' : ': ' + data.errors[o.error])
  const brief = (o) => (o.key < 0 || data.keys.length < 2 ? request(o) : request(o)) + (o.outcome === 0 ? (reads[o.f] ? ' → ' + value(o.output) : '') : ' ✗')
  function describe(o) {
    if (!o) return
    const faults = data.faults.filter(([from, to]) => from <= o.shownEnd && to >= o.call).map((fault) => fault[2])
    detail.textContent = [
      'Process ' + data.processes[o.process] + ': ' + request(o) + ' → ' + answer(o),
      o.node < 0 ? '' : 'node ' + data.nodes[o.node],
      seconds(o.call) + (o.end < Infinity ? ' to ' + seconds(o.end) + ', ' + length(o.end - o.call) : ', never answered'),
      'line ' + number(o.line) + (o.endLine ? ' to ' + number(o.endLine) : ''),
      faults.length ? 'during ' + faults.join(', ') : '',
      o.bad ? 'part of a contradiction' : '',
    ].filter(Boolean).join(' · ')
  }

  function count() {
    const shown = operations.filter(passes).length
    find('found').textContent = filtered() ? number(shown) + ' of ' + number(operations.length) : number(operations.length) + (operations.length === 1 ? ' operation' : ' operations')
  }

  function look(from, to) {
    const span = Math.min(data.end, Math.max(1000, to - from))
    const start = Math.max(0, Math.min(data.end - span, from))
    view.from = start
    view.to = start + span
    redraw()
  }
  const zoom = (factor, px) => {
    const middle = timeAt(px ?? width / 2)
    look(middle - (middle - view.from) * factor, middle + (view.to - middle) * factor)
  }
  const pan = (share) => { const by = share * (view.to - view.from); look(view.from + by, view.to + by) }
  const choose = (o) => {
    chosen = o
    describe(o)
    if (o && (o.call < view.from || o.call > view.to)) { const half = (view.to - view.from) / 2; look(o.call - half, o.call + half) }
    redraw()
  }
  function step(by) {
    const among = operations.filter((o) => passes(o))
    if (among.length === 0) return
    let index = chosen ? among.indexOf(chosen) : -1
    if (index < 0) { const from = chosen?.call ?? view.from; index = among.findIndex((o) => o.call >= from) - (by > 0 ? 1 : 0) }
    choose(among[Math.max(0, Math.min(among.length - 1, index + by))])
  }
  function hit(event) {
    const box = canvas.getBoundingClientRect()
    const px = event.clientX - box.left
    const index = Math.floor((event.clientY - box.top - AXIS) / rowHeight)
    const row = rows[index]
    if (!row) return
    let best
    let distance = 6
    for (let i = firstOf(row, index, timeAt(px - 6)); i < row.length && row[i].call <= timeAt(px + 6); i++) {
      const o = row[i]
      const away = Math.max(x(o.call) - px, px - x(o.shownEnd), 0) - (o.bad ? 0.5 : 0)
      if (away < distance) { distance = away; best = o }
    }
    return best
  }

  const bad = operations.filter((o) => o.bad)
  const focus = bad.filter((o) => data.focus.includes(o.line))
  const toBad = find('to-contradiction')
  const lookAtBad = () => {
    const shown = focus.length ? focus : bad
    const last = shown[shown.length - 1]
    const near = shown.filter((o) => last.call - o.call < 0.2e9)
    const from = near[0].call
    const to = Math.max(...near.map((o) => Math.min(o.shownEnd, o.call + 0.2e9)))
    const room = Math.max((to - from) * 0.8, 4e3 * data.unit)
    look(from - room, to + room)
    choose(last)
  }
  if (bad.length) { toBad.hidden = false; toBad.addEventListener('click', lookAtBad) }

  let drag
  canvas.addEventListener('pointerdown', (event) => { drag = { px: event.clientX, from: view.from, to: view.to, moved: false }; canvas.setPointerCapture(event.pointerId) })
  canvas.addEventListener('pointermove', (event) => {
    if (!drag) { const o = hit(event); if (o) describe(o); return }
    const by = ((drag.px - event.clientX) / (width - 2 * LEFT)) * (drag.to - drag.from)
    if (Math.abs(drag.px - event.clientX) > 3) drag.moved = true
    if (drag.moved) look(drag.from + by, drag.to + by)
  })
  canvas.addEventListener('pointerup', (event) => { if (drag && !drag.moved) { const o = hit(event); if (o) choose(o) } drag = undefined })
  canvas.addEventListener('pointercancel', () => { drag = undefined })
  canvas.addEventListener('wheel', (event) => {
    if (event.ctrlKey || event.metaKey) { event.preventDefault(); zoom(Math.exp(event.deltaY / 300), event.clientX - canvas.getBoundingClientRect().left) }
    else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) { event.preventDefault(); pan(event.deltaX / width) }
  }, { passive: false })
  canvas.addEventListener('keydown', (event) => {
    const keys = { ArrowLeft: () => pan(-0.2), ArrowRight: () => pan(0.2), '+': () => zoom(0.5), '=': () => zoom(0.5), '-': () => zoom(2), Home: () => look(0, data.end), n: () => step(1), p: () => step(-1) }
    const act = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key.length === 1 ? event.key.toLowerCase() : event.key]
    if (act) { event.preventDefault(); act() }
  })
  find('zoom-in').addEventListener('click', () => zoom(0.5))
  find('zoom-out').addEventListener('click', () => zoom(2))
  find('zoom-all').addEventListener('click', () => look(0, data.end))
  for (const select of Object.values(filters)) select?.addEventListener('change', () => { count(); redraw() })
  for (const button of document.querySelectorAll('button[data-from]'))
    button.addEventListener('click', () => {
      const [from, to] = [Number(button.dataset.from), Number(button.dataset.to)]
      const room = Math.max((to - from) * 0.2, 1e6)
      look(from - room, to + room)
      canvas.scrollIntoView({ block: 'center' })
    })

  // One cursor over all charts; what it stands on is read out in a fixed line, which never covers data.
  const charts = find('charts')
  if (charts) {
    const { left, right, width: box } = data.plot
    const cursor = find('cursor')
    let bin = -1
    const read = (index) => {
      const bins = data.bins
      bin = Math.max(0, Math.min(bins.ok.length - 1, index))
      const time = (bin + 0.5) * bins.width
      cursor.removeAttribute('hidden')
      cursor.setAttribute('transform', 'translate(' + (left + (time / data.end) * (right - left)) + ')')
      const faults = data.faults.filter(([from, to]) => from <= (bin + 1) * bins.width && to >= bin * bins.width).map((fault) => fault[2])
      find('chart-detail').textContent = [
        seconds(bin * bins.width, 2) + ' to ' + seconds((bin + 1) * bins.width, 2),
        faults.length ? faults.join(', ') : 'no fault',
        number(Math.round((bins.ok[bin] + bins.fail[bin] + bins.info[bin]) / bins.width * 1e9)) + ' ops/s',
        bins.p50[bin] === null ? 'no answer' : 'p50 ' + length(bins.p50[bin]) + ', p99 ' + length(bins.p99[bin]),
        bins.ok[bin] + ' ok, ' + bins.fail[bin] + ' fail, ' + bins.info[bin] + ' info',
      ].join(' · ')
    }
    const region = charts.parentElement
    const binAt = (event) => {
      const rect = charts.getBoundingClientRect()
      const px = ((event.clientX - rect.left) / rect.width) * box
      return Math.floor((((px - left) / (right - left)) * data.end) / data.bins.width)
    }
    region.addEventListener('pointermove', (event) => read(binAt(event)))
    region.addEventListener('click', (event) => {
      const middle = (Math.max(0, binAt(event)) + 0.5) * data.bins.width
      look(middle - data.end / 40, middle + data.end / 40)
    })
    region.addEventListener('keydown', (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
      if (by === undefined) return
      event.preventDefault()
      read(bin + by * (event.shiftKey ? 10 : 1))
    })
  }

  addEventListener('resize', measure)
  addEventListener('themechange', measure)
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', measure)
  count()
  measure()
  if (bad.length) lookAtBad()
})()
`
