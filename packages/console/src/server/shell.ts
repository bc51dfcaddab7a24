/** The page before its code runs. Everything else is drawn in the browser. */
export const shell = (token: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark"><title>chaos</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/page.css?token=${token}"></head>
<body><div id="page"><noscript>The live page needs JavaScript. The run goes on without it, and its report is written at the end.</noscript></div><script type="module" src="/page.js?token=${token}"></script></body></html>
`
