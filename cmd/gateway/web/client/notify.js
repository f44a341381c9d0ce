// notify - notifications of the browser.

/**
 * Show what comes as notifications of the browser, while the page is hidden.
 * Call it when the user asks for it. Resolves to a function that ends it, or
 * null where it is not allowed.
 */
export async function notify(client, patterns, options = {}) {
	const { Notification = globalThis.Notification, document = globalThis.document,
		always = false, show = ({ data, type }) => [data?.title ?? type,
			{ body: data?.message }] } = options;

	if (!Notification || await Notification.requestPermission() !== 'granted')
		return null;
	client.backgroundMs = Infinity; // what it is for comes when nobody looks
	return client.subscribe(patterns, { handler: (event) => {
		const [title, more] = show(event);

		if (always || document?.hidden)
			new Notification(title, { tag: event.offset, ...more });
	} });
}
