/** Keeps a served list of runs up to date, and says so when its server has ended. */
export function keepUp(main: HTMLElement, place: Element, renewed: () => void): void {
  const betweenMs = 2000
  const ended = 'chaos ui has ended: this list is no longer up to date.'

  /** Takes over what a newer page of the same directory shows. */
  const takeOver = (text: string): void => {
    const newer = new DOMParser().parseFromString(text, 'text/html')
    const focused = document.activeElement instanceof HTMLInputElement ? document.activeElement.value : undefined
    for (const part of ['.head', '#live', '#trends', '.runs tbody']) {
      const [old, fresh] = [document.querySelector(part), newer.querySelector(part)]
      // The first run of a directory brings the list itself.
      if ((old === null) !== (fresh === null)) {
        location.reload()
        return
      }
      if (old !== null && fresh !== null) old.replaceWith(fresh)
    }
    main.dataset['state'] = newer.querySelector<HTMLElement>('#runs')?.dataset['state']
    document.title = newer.title
    renewed()
    const boxes = [...document.querySelectorAll<HTMLInputElement>('.pick input')]
    if (document.activeElement === document.body) boxes.find(({ value }) => value === focused)?.focus()
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
