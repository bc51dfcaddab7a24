/**
 * Marks the row `current` as the current step, and dims later rows; `-1` marks no row. Also marks two active cells: the
 * last one of the CSS class `told`, and the last one of the class `fixed`, in the rows up to `current`.
 */
export function markSteps(rows: readonly HTMLLIElement[], current: number): void {
  const row = rows[current]
  const reached = rows.filter((each, i) => i <= current && each.parentElement === row?.parentElement)
  for (const [i, each] of rows.entries()) {
    each.classList.toggle('ahead', row !== undefined && i > current)
    if (i === current) each.setAttribute('aria-current', 'step')
    else each.removeAttribute('aria-current')
  }
  for (const ending of document.querySelectorAll('.endings')) {
    const last = ending.closest('section')?.querySelector<HTMLLIElement>('li:last-child')
    ending.classList.toggle('ahead', row !== undefined && last?.classList.contains('ahead') === true)
  }
  const now = ['told', 'fixed'].map((kind) =>
    reached.map((each) => each.querySelector(`.cell.${kind}:not(.idle)`)).findLast((cell) => cell !== null),
  )
  for (const cell of document.querySelectorAll('.cell')) cell.classList.toggle('now', now.includes(cell))
}
