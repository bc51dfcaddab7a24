/** Moves the view, chooses operations and reads them out: by pointer, wheel, keys and buttons. */
export const controlsScript: string = `
  function describe(o) {
    if (!o) return
    const faults = data.faults.filter(([from, to]) => from <= o.shownEnd && to >= o.call).map((fault) => fault[2])
    detail.textContent = [
      'Process ' + data.processes[o.process] + ': ' + request(o) + ' → ' + answer(o),
      o.node < 0 ? '' : 'node ' + data.nodes[o.node],
      seconds(o.call) + (o.end < Infinity ? ' to ' + seconds(o.end) + ', ' + length(o.end - o.call) : ', never answered'),
      'line ' + number(o.line) + (o.endLine ? ' to ' + number(o.endLine) : ''),
      faults.length ? 'during ' + faults.join(', ') : '',
      o.bad ? 'part of the contradiction' : o.accused ? 'part of another contradiction' : '',
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
  const bringIntoSight = (index) => {
    const y = yOf(index)
    if (y < AXIS || y + rowHeight > height - 18) scroller.scrollTop += y - height / 2
  }
  scroller.addEventListener('scroll', redraw)
  const choose = (o) => {
    chosen = o
    describe(o)
    if (o) bringIntoSight(o.row)
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
    const index = Math.floor((event.clientY - box.top - AXIS + scroller.scrollTop) / rowHeight)
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

  let bad = []
  const toBad = find('to-contradiction')
  /** Red is for one contradiction: the one that is drawn first, or that was opened last. */
  const select = (lines) => {
    const selected = new Set(lines)
    for (const o of operations) o.bad = selected.has(o.line)
    bad = operations.filter((o) => o.bad)
    toBad.hidden = bad.length === 0
    canvas.dataset.inRed = bad.length
    redraw()
  }
  const lookAtBad = () => {
    const shown = bad
    const last = shown[shown.length - 1]
    const near = shown.filter((o) => last.call - o.call < 0.2e9)
    const from = near[0].call
    const to = near.reduce((end, o) => Math.max(end, Math.min(o.shownEnd, o.call + 0.2e9)), from)
    const room = Math.max((to - from) * 0.8, 4e3 * data.unit)
    look(from - room, to + room)
    choose(last)
  }
  select(data.focus)
  toBad.addEventListener('click', lookAtBad)
  for (const details of document.querySelectorAll('.also details'))
    details.addEventListener('toggle', () => {
      const open = [...document.querySelectorAll('.also details[open]')]
      const shown = details.open ? details : open[open.length - 1]
      select(shown ? shown.dataset.lines.split(' ').map(Number) : data.focus)
    })

  let drag
  canvas.addEventListener('pointerdown', (event) => { drag = { px: event.clientX, from: view.from, to: view.to, moved: false }; canvas.setPointerCapture(event.pointerId) })
  canvas.addEventListener('pointermove', (event) => {
    if (!drag) { const o = hit(event); if (o) describe(o); return }
    const by = ((drag.px - event.clientX) / (width - LEFT - RIGHT)) * (drag.to - drag.from)
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
`
