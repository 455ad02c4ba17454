/** Words of dealings between an organisation and those it serves, each strong enough by itself. */
const own = new RegExp(
  `\\b(?:${[
    // money and accounts
    'accounts?|cards?|atms?|ibans?|overdrafts?|direct debits?|standing orders?|top[- ]?ups?|topp(?:ed|ing) up|payees?|beneficiar(?:y|ies)|statements?|balances?|transactions?|transfers?|deposits?|withdrawals?|withdraw|payments?|payouts?|invoices?|receipts?|bills?|billing|billed|fees?|charges|charged|surcharges?|refunds?|refunded|chargebacks?|cash ?back|vouchers?|coupons?|promo codes?|discounts?|loyalty points?|mortgages?|loans?|lenders?|instal?ments?|credit limits?|credit scores?|interest rates?|apy|apr|fdic|ach|zelle|paypal|savings|pensions?|payroll|payslips?|brokerage|roth|ira',
    // orders and shops
    'orders?|deliver(?:y|ies|ed)|parcels?|packages?|shipping|shipments?|shipped|courier|returns? (?:policy|label|item|window)|return (?:an?|the|my) \\w+|exchange (?:an?|the|my) \\w+|checkout|warrant(?:y|ies)|guarantees?|in stock|gift cards?|store pickup|customer (?:service|support|care)|contact support|help ?desk|opening hours|bookings?|reservations?|appointments?|check-?in|check-?out|baggage|luggage|seat|boarding pass(?:es)?|itinerar(?:y|ies)|cancellation',
    // accounts on a platform
    'subscriptions?|subscribe|unsubscribe|memberships?|trial period|free trial|pricing plan|premium|platinum|basic plan|sign(?:ing)? (?:up|in)|log(?:ging)? ?in|log(?:ging)? ?out|passwords?|passcodes?|pin|usernames?|two[- ]factor|2fa|verification|verify my|profile|settings|notifications?|export (?:my|our|the) data|integrations?|api keys?|storage limit|licen[cs]es?|permits?|upgrade|downgrade|renew(?:al|als|ing)?|eligible|eligibility|enrol+(?:ed|ment)?',
    // public and household services
    'council|benefits?|allowances?|claims?|tax returns?|tax codes?|passport|visas?|insurance|insured|cover(?:age|ed by)|deductible|premiums|prescriptions?|pharmacy|landlord|tenan(?:t|cy)|leases?|rent|meter|tariffs?|broadband|electricity|gas bill|boiler|bins?|recycl(?:e|ed|ing)|parking|redundancy|annual leave|holiday entitlement|sick pay|maternity|grievance|probation|expenses',
  ].join('|')})\\b`,
  'i',
);

/** Whether a question is one that a desk of customers, staff or citizens answers all day. */
export function isServiceQuestion(question: string): boolean {
  return question.length <= 300 && own.test(question);
}
