// What the bundler calls, each doing nothing.
export const captureException = () => "";
export const httpIntegration = () => ({});
export const init = () => {};
