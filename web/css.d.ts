// Vite reads these; the type checker only has to know that they may be imported.
declare module '*.css'
