/** Reads the columns that columns.ts wrote, field for field, and says what is in them in words. */
export const dataScript: string = `
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
      o.row = o.process
      o.f = unsigned()
      o.key = unsigned() - 1
      o.node = unsigned() - 1
      const flags = unsigned()
      o.outcome = flags & 3
      o.final = (flags & 4) !== 0
      o.accused = (flags & 8) !== 0
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
  const rows = data.processes.map(() => [])
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

  const request = (o) => (o.final ? 'final ' : '') + data.functions[o.f] + (o.key < 0 ? '' : ' ' + data.keys[o.key]) + (o.input === 0 ? '' : ' ' + value(o.input))
  const answer = (o) => o.outcome === 0 ? (reads[o.f] ? value(o.output) : 'ok') : (o.outcome === 1 ? 'fail' : o.end < Infinity ? 'info' : 'no answer') + (o.error < 0 ? '' : ': ' + data.errors[o.error])
  const brief = (o) => (o.key < 0 || data.keys.length < 2 ? request(o) : request(o)) + (o.outcome === 0 ? (reads[o.f] ? ' → ' + value(o.output) : '') : ' ✗')
`
