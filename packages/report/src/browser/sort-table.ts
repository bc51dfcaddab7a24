/**
 * Lets the reader sort a table by any column. Cells are compared by the numbers in `data-value`; empty cells come last.
 */
export function sortTable(table: HTMLTableElement): void {
  const [body, heads] = [table.tBodies[0], [...(table.tHead?.rows[0]?.cells ?? [])]]
  if (body === undefined) return
  const compare = (column: number, direction: 1 | -1) => (one: HTMLTableRowElement, other: HTMLTableRowElement) => {
    const [a, b] = [one.cells[column], other.cells[column]]
    const [mine, its] = [a?.dataset['value'], b?.dataset['value']]
    if (mine === undefined || its === undefined)
      return direction * (a?.innerText ?? '').localeCompare(b?.innerText ?? '', 'en', { numeric: true })
    if (mine === '' || its === '') return Number(mine === '') - Number(its === '')
    return direction * (Number(mine) - Number(its))
  }
  for (const [column, head] of heads.entries()) {
    const button = document.createElement('button')
    button.type = 'button'
    button.className = 'sort'
    button.append(...head.childNodes)
    head.append(button)
    head.ariaSort = 'none'
    button.addEventListener('click', () => {
      const direction = head.ariaSort === 'ascending' ? -1 : 1
      for (const each of heads) each.ariaSort = 'none'
      head.ariaSort = direction === 1 ? 'ascending' : 'descending'
      body.append(...[...body.rows].sort(compare(column, direction)))
    })
  }
}
