# Reads the parameters as one JSON object and writes one JSON object for each payment.
#
# Lines such as {"progress": 40} move the bar of whoever waits.

function number(name,    rest) {
    if (!match($0, "\"" name "\" *: *-?[0-9.eE+-]+")) return 0
    rest = substr($0, RSTART, RLENGTH)
    sub(/^[^:]*: */, "", rest)
    return rest + 0
}

function cents(amount) { return int(amount * 100 + 0.5) / 100 }

{
    principal = number("principal"); rate = number("rate") / 1200; count = number("years") * 12
    match($0, /"first" *: *"[0-9-]+"/)
    split(substr($0, RSTART + RLENGTH - 11, 10), date, "-")
    year = date[1] + 0; month = date[2] + 0; day = date[3] + 0
    payment = cents(rate == 0 ? principal / count : principal * rate / (1 - (1 + rate) ^ -count))
    split("31 28 31 30 31 30 31 31 30 31 30 31", length_of, " ")
    balance = principal
    for (i = 1; i <= count; i++) {
        interest = cents(balance * rate)
        paid = i == count ? cents(balance + interest) : payment
        balance = cents(balance - (paid - interest))
        last = length_of[month] + (month == 2 && (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)))
        printf "{\"number\": %d, \"day\": \"%04d-%02d-%02d\", \"payment\": %.2f, \"interest\": %.2f, \"repayment\": %.2f, \"balance\": %.2f}\n", \
            i, year, month, (day > last ? last : day), paid, interest, paid - interest, balance
        if (++month > 12) { month = 1; year++ }
        if (i % 12 == 0) printf "{\"progress\": %d}\n", 100 * i / count
    }
}
