# Reads the parameters as one JSON object and writes four readings a second, one JSON object each. The curve is made up; the
# seconds are real.

{
    match($0, /"seconds" *: *[0-9]+/)
    seconds = substr($0, RSTART, RLENGTH)
    sub(/^[^:]*: */, "", seconds)
    count = seconds * 4
    for (i = 1; i <= count; i++) {
        part = i / count
        air = 180 + 50 * part
        # cold beans cool their thermometer down before the drum warms them
        beans = 25 + 190 * (1 - exp(-2.4 * part)) / (1 - exp(-2.4)) + 150 * exp(-22 * part)
        printf "{\"reading\": %d, \"second\": %.2f, \"beans\": %.1f, \"air\": %.1f}\n", i, i / 4, beans, air
        if (i % 4 == 0) {
            # both are flushed before another program runs, so that the bar moves while it sleeps
            printf "{\"progress\": %d}\n", 100 * part
            fflush()
            system("sleep 1")
        }
    }
}
