export interface KeptUp {
  /** Selects what a newer page replaces. */
  readonly parts: readonly string[]
  readonly betweenMs: number
  /** What to say when the server has ended. */
  readonly ended: string
  readonly renewed: () => void
}

/** Keeps a served page up to date, and says so when its server has ended. */
export function keepUp(main: HTMLElement, place: Element, { parts, betweenMs, ended, renewed }: KeptUp): void {
  /** Nothing is replaced under a pointer that is down: the click would be lost. */
  let held = false
  for (const type of ['pointerdown', 'pointerup', 'pointercancel'])
    addEventListener(type, () => {
      held = type === 'pointerdown'
    })

  /** Takes over what a newer page of the same directory shows. */
  const takeOver = (text: string): void => {
    if (held) return
    const newer = new DOMParser().parseFromString(text, 'text/html')
    const focused = document.activeElement?.id ?? ''
    for (const part of parts) {
      const [old, fresh] = [document.querySelector(part), newer.querySelector(part)]
      // The first run of a directory brings the list itself.
      if ((old === null) !== (fresh === null)) {
        location.reload()
        return
      }
      if (old !== null && fresh !== null) old.replaceWith(fresh)
    }
    main.dataset['state'] = newer.querySelector<HTMLElement>(`#${main.id}`)?.dataset['state']
    document.title = newer.title
    renewed()
    // What had the focus may be gone, such as the button of a fault that is healed.
    if (document.activeElement === document.body && focused !== '') (document.getElementById(focused) ?? main).focus()
  }

  const ask = async (): Promise<void> => {
    if (document.hidden) return
    try {
      const answer = await fetch(`./?${new URLSearchParams({ since: main.dataset['state'] ?? '' })}`)
      if (answer.status === 200) takeOver(await answer.text())
      if (place.textContent !== '') place.textContent = ''
    } catch {
      if (place.textContent !== ended) place.textContent = ended
    }
  }

  const again = (): void => {
    void ask().then(() => setTimeout(again, betweenMs))
  }
  setTimeout(again, betweenMs)
}
