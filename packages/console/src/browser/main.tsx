import { render } from 'preact'
import { connect } from './connection.ts'
import { Page } from './page.tsx'
import { emptyView, tabTitle, type View, withMessage } from './view.ts'

let view: View = emptyView
let isDrawn = true

const connection = connect({
  had: () => view.had,
  onMessage: (message) => update(withMessage(view, message)),
  lost: () => update({ ...view, connection: 'lost' }),
})

/** Several updates between two animation frames are drawn together. */
function update(next: View): void {
  view = next
  if (!isDrawn) return
  isDrawn = false
  requestAnimationFrame(() => {
    isDrawn = true
    draw()
  })
}

function draw(): void {
  const place = document.getElementById('page')
  if (place === null) return
  document.title = tabTitle(view)
  render(<Page view={view} connection={connection} />, place)
}

draw()
