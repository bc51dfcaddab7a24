import type { Reporter } from './reporter.ts'

/** Matches the beginning of every page. */
const PAGE = /^<!doctype html>\s*<html[^>]*><head><meta charset="utf-8"><meta name="generator" content="chaos">/

export const htmlReporter: Reporter = {
  name: 'html',
  summary: 'a self-contained page with drawings',
  ofOne: true,
  not: {
    search: 'a search writes a history of each failure. Draw one with chaos check FILE --reporter html=report.html',
  },
  recognises: (start) => PAGE.test(start),
  // Load pages only if needed: they are a tenth of the program's code.
  each: async (subject, place) => (await import('./subject-page.ts')).htmlOf(subject, place),
}
