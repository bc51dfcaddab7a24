/** One cursor over all charts, which also moves the timeline. */
export const chartCursorScript: string = `
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
`
