import type { RefObject } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'

/** The id of the heading of the panel that lists the possible actions. */
export const INSPECTOR = 'inspector'

export const nodeElement = (node: string): string => `node-${node}`

export const focusOn = (id: string): void => document.getElementById(id)?.focus()

/**
 * Moves the focus from a button that disappears to its panel's heading. The browser would move it to the whole page.
 */
export function useKeptFocus(part: RefObject<HTMLElement | null>): (event: FocusEvent) => void {
  const last = useRef<Element | undefined>(undefined)
  useLayoutEffect(() => {
    const focused = document.activeElement
    if (part.current?.contains(focused)) return
    if (focused === document.body && last.current?.isConnected === false) focusOn(INSPECTOR)
    last.current = undefined
  })
  return ({ target }) => {
    last.current = target instanceof Element ? target : undefined
  }
}
