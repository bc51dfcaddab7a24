interface KeptUp {
  readonly parts: readonly string[]
  readonly betweenMs: number
  /** The message to show when the server has ended. */
  readonly ended: string
  readonly renewed: () => void
}

/** Keeps a served page up to date until the server has ended. */
export function keepUp(main: HTMLElement, place: Element, { parts, betweenMs, ended, renewed }: KeptUp): void {
  /** Whether the pointer is down. Replacing an element under it would lose the click. */
  let held = false
  for (const type of ['pointerdown', 'pointerup', 'pointercancel'])
    addEventListener(type, () => {
      held = type === 'pointerdown'
    })

  /** Replaces parts of this page by those of a newer page. */
  const takeOver = (text: string): void => {
    if (held) return
    const newer = new DOMParser().parseFromString(text, 'text/html')
    const focused = document.activeElement?.id ?? ''
    for (const part of parts) {
      const [old, fresh] = [document.querySelector(part), newer.querySelector(part)]
      // Reload if only the old page or only the new page has this part. For example, the first run adds the list of
      // runs.
      if ((old === null) !== (fresh === null)) {
        location.reload()
        return
      }
      if (old !== null && fresh !== null) old.replaceWith(fresh)
    }
    main.dataset['state'] = newer.querySelector<HTMLElement>(`#${main.id}`)?.dataset['state']
    document.title = newer.title
    renewed()
    // The focused element may have been removed, for example the button of a healed fault.
    if (document.activeElement === document.body && focused !== '') (document.getElementById(focused) ?? main).focus()
  }

  const refresh = async (): Promise<void> => {
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
    void refresh().then(() => setTimeout(again, betweenMs))
  }
  setTimeout(again, betweenMs)
}
