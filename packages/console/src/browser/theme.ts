import { useEffect, useState } from 'preact/hooks'

const themes = ['auto', 'light', 'dark'] as const
type Theme = (typeof themes)[number]

/** The theme that the address chooses: `?theme=dark`. */
const chosen = (): Theme => {
  const asked = new URLSearchParams(location.search).get('theme')
  return themes.find((theme) => theme === asked) ?? 'auto'
}

function show(theme: Theme): void {
  const { dataset } = document.documentElement
  if (theme === 'auto') delete dataset['theme']
  else dataset['theme'] = theme
}

export const startTheme = (): void => show(chosen())

/** The theme's name, with the system's behind it where that decides, and what goes on to the next. */
export function useTheme(): readonly [theme: string, next: () => void] {
  const [theme, choose] = useState<Theme>(chosen)
  const isDark = useMedia('(prefers-color-scheme: dark)')
  const next = () => {
    const following = themes[(themes.indexOf(theme) + 1) % themes.length] ?? 'auto'
    show(following)
    choose(following)
  }
  return [theme === 'auto' ? `auto, ${isDark ? 'dark' : 'light'}` : theme, next]
}

export const useNarrow = (): boolean => useMedia('(max-width: 560px)')

function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(() => matchMedia(query).matches)
  useEffect(() => {
    const media = matchMedia(query)
    const changed = () => setMatches(media.matches)
    media.addEventListener('change', changed)
    return () => media.removeEventListener('change', changed)
  }, [query])
  return matches
}
