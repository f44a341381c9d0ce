// Takes README's picture, etc/dashboard.png, of a page that is running:
//
//	scripts/run --detach
//	tests/browser/run.sh picture.mjs http://127.0.0.1:8080	# some minutes later
import { chromium } from 'playwright-core';

const browser = await chromium.launch({
	executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
	args: ['--no-sandbox', '--disable-gpu'],
});
const page = await browser.newPage({
	viewport: { width: 1280, height: 860 }, colorScheme: 'light',
});

await page.goto(process.argv[2]);
await page.waitForSelector('canvas');
await page.waitForTimeout(5000); // a page as it is after a while
await page.screenshot({ path: '../../etc/dashboard.png' });
await browser.close();
