/** Starts the filter of a list of runs. Returns a function that applies it again. */
export function filterRuns(): () => void {
  const filter = document.querySelector<HTMLInputElement>('#filter')
  const found = document.querySelector('#found')
  if (filter === null || found === null) return () => {}

  const show = (): void => {
    const words = filter.value.toLowerCase().split(/\s+/)
    const rows = [...document.querySelectorAll<HTMLTableRowElement>('.runs tbody tr')]
    for (const row of rows) {
      const text = `${row.dataset['name']} ${row.textContent}`.toLowerCase()
      row.hidden = !words.every((word) => text.includes(word))
    }
    const shown = rows.filter(({ hidden }) => !hidden).length
    found.textContent = filter.value === '' ? '' : `${shown} of ${rows.length} shown`
  }

  filter.value = new URLSearchParams(location.hash.slice(1)).get('filter') ?? ''
  filter.addEventListener('input', () => {
    history.replaceState(null, '', `#${filter.value === '' ? '' : new URLSearchParams({ filter: filter.value })}`)
    show()
  })
  show()
  return show
}
