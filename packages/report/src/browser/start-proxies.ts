import type { find } from './find.ts'
import type { keepUp } from './keep-up.ts'
import type { startTheme } from './theme.ts'

interface ProxiesParts {
  readonly find: typeof find
  readonly startTheme: typeof startTheme
  readonly keepUp: typeof keepUp
}

/** Starts the script of the page of proxies, which injects and heals faults. */
export function startProxies({ find, startTheme, keepUp }: ProxiesParts): void {
  startTheme(find)
  const main = find('#proxies', HTMLElement)
  const problem = find('#problem', HTMLElement)
  const parts = ['.head', '#list', '#recording', '#faults', '#happened']
  keepUp(main, find('#connection', HTMLElement), {
    parts,
    betweenMs: 1000,
    ended: 'chaos proxy has ended, and every fault with it.',
    renewed() {},
  })
  main.addEventListener('click', async ({ target }) => {
    const button = target instanceof Element ? target.closest('button') : null
    const { action, on } = button?.dataset ?? {}
    if (action === undefined || on === undefined) return
    try {
      const answer = await fetch('./', { method: 'POST', body: JSON.stringify({ action, on }) })
      problem.textContent = answer.ok ? '' : await answer.text()
    } catch {
      problem.textContent = 'There is no connection.'
    }
  })
}
